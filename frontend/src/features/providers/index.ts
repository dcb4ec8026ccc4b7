export { ProvidersPage as Page } from './page';
