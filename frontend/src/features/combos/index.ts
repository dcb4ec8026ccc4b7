export { Combos as Page } from './combos';
