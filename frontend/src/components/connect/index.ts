export { ConnectDialog } from './connect-dialog';
export { Found } from './found';
export { KeyForm, type KeyTarget } from './key-form';
export { useConnectLocal, useLocalServers } from './local';
export { hostOf } from './checks';
export { cameAtOnce, looksLikeKey } from './names';
export { choiceOf, Picker, type Choice } from './picker';
export { ReplaceKeyDialog } from './replace-key';
