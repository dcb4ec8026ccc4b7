export { SettingsPage as Page } from './settings';
