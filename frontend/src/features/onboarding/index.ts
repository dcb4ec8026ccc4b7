export { Onboarding as Page } from './onboarding';
