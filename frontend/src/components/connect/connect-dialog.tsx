import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/overlay';
import { toast } from '@/components/ui/toaster';
import type { Connection } from '@/lib/api';
import { useVerb } from '@/lib/query';
import { DemoPanel } from './demo-panel';
import { KeyForm } from './key-form';
import { NodeForm } from './node-form';
import { choiceOf, Picker, type Choice } from './picker';
import { RelayForm } from './relay-form';

interface ConnectDialogProps {
  open: boolean;
  onClose: () => void;
  /** Where it begins; left out = the list of all providers. */
  start?: Choice | undefined;
  /** A key that was pasted outside: it begins with the guess. */
  pasted?: string | undefined;
  /** Called beside the message that it is connected. */
  onConnected?: ((account: Connection) => void) | undefined;
}

/** Connects an account: choose, enter, tested, saved. Each opening begins
 * anew, so nothing that was pasted outlives it. */
export function ConnectDialog({ open, onClose, start, pasted, onConnected }: ConnectDialogProps) {
  const [choice, setChoice] = useState<Choice | null>(null);
  const { t } = useTranslation('connect');
  const at = choice ?? start;
  const close = () => {
    setChoice(null);
    onClose();
  };
  const done = (account: Connection) => {
    toast.say(t('saved', { name: account.name }));
    onConnected?.(account);
    close();
  };
  return (
    <Dialog open={open} onOpenChange={(next) => !next && close()} title={useTitle(at)} size={at === undefined ? 'lg' : 'md'}>
      <Body choice={at} pasted={pasted} onChoose={setChoice} onDone={done} onBack={choice === null || start !== undefined ? undefined : () => setChoice(null)} />
    </Dialog>
  );
}

function useTitle(choice: Choice | undefined): string {
  const { t } = useTranslation('connect');
  switch (choice?.stage) {
    case 'key':
      return t('title.key', { provider: choice.entry.name });
    case 'relay':
      return t('title.relay', { provider: choice.entry.name });
    case 'node':
      return t('title.node');
    case 'demo':
      return t('title.demo');
    case undefined:
      return t('title.pick');
  }
}

interface BodyProps {
  choice: Choice | undefined;
  pasted: string | undefined;
  onChoose: (choice: Choice) => void;
  onDone: (account: Connection) => void;
  onBack: (() => void) | undefined;
}

function Body({ choice, pasted, onChoose, onDone, onBack }: BodyProps) {
  const { data } = useVerb('Providers.Catalog');
  const change = (provider: string, pasted: string) => {
    const entry = data?.entries.find((one) => one.id === provider);
    if (entry) onChoose(choiceOf(entry, pasted));
  };
  switch (choice?.stage) {
    case 'key':
      return <KeyForm key={choice.entry.id} target={choice.entry} pasted={choice.pasted} guessed={choice.guessed} onDone={onDone} onBack={onBack} onSwitch={change} />;
    case 'relay':
      return <RelayForm entry={choice.entry} onDone={onDone} onBack={onBack} />;
    case 'node':
      return <NodeForm type={choice.type} address={choice.address} onDone={onDone} onBack={onBack} />;
    case 'demo':
      return <DemoPanel onBack={onBack} />;
    case undefined:
      return <Picker autoFocus pasted={pasted} onChoose={onChoose} onDone={onDone} />;
  }
}
