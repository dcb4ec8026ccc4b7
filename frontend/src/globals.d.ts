/** True in development and test builds: pseudo-locales and `/__ui` exist. */
declare const __WORKBENCH__: boolean;
