export { Lock } from './lock';
