// Runs before the first paint, so it is plain and small. What it reads is
// what lib/theme and lib/i18n last stored; the settings on the server decide
// in the end.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem('omniroute.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    if (localStorage.getItem('omniroute.density') === 'compact') root.dataset.density = 'compact';
    var language = localStorage.getItem('omniroute.language');
    if (language) root.lang = language;
  } catch (e) {
    // Storage may be forbidden; then the system decides.
  }
})();
