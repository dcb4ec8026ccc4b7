export { Logs as Page } from './logs';
