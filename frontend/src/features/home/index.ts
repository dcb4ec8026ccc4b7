export { Home as Page } from './home';
