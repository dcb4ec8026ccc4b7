export { Keys as Page } from './keys';
