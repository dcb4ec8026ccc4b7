import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { firstLanguage, startWords } from './lib/i18n';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');

void startWords(firstLanguage()).then(() => {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
