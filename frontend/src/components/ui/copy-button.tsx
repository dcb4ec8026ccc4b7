import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '@/lib/platform';
import { Button, IconButton, type ButtonProps } from './button';
import { toast } from './toaster';

interface CopyButtonProps extends Omit<ButtonProps, 'children' | 'onClick' | 'asChild'> {
  text: string | (() => string | Promise<string>);
  /** What is copied: "Copy endpoint". */
  label?: string;
  /** Only the icon; the label is its tooltip. */
  iconOnly?: boolean;
  onCopied?: () => void;
}

/** Says "Copied" only when it is. */
export function CopyButton({ text, label, iconOnly = false, onCopied, ...rest }: CopyButtonProps) {
  const { t } = useTranslation('common');
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const press = async () => {
    try {
      await copyText(typeof text === 'string' ? text : await text());
      setDone(true);
      onCopied?.();
    } catch {
      toast.say(t('copyFailed'));
    }
  };
  const Icon = done ? Check : Copy;
  const icon = <Icon size={16} strokeWidth={1.75} aria-hidden />;
  const words = done ? t('copied') : (label ?? t('copy'));
  return (
    <>
      {iconOnly ? (
        <IconButton label={words} icon={icon} onClick={() => void press()} {...rest} />
      ) : (
        <Button onClick={() => void press()} {...rest}>
          {icon}
          {words}
        </Button>
      )}
      <span role="status" className="sr-only">
        {done ? t('copied') : ''}
      </span>
    </>
  );
}
