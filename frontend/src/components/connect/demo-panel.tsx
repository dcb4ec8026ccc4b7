import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { useTroubleWords } from '@/components/ui/states';
import { useFormat } from '@/lib/format';
import { useAct } from '@/lib/query';
import { FormFooter } from './form-parts';

const model = 'demo/simulated';

/** The built-in provider: needs no account, so there is nothing to save. */
export function DemoPanel({ onBack }: { onBack?: (() => void) | undefined }) {
  const { t } = useTranslation('connect');
  const format = useFormat();
  const words = useTroubleWords();
  const test = useAct('Overview.SendTest');
  return (
    <div className="flex flex-col gap-4">
      <p className="m-0">{t('demo.text', { model })}</p>
      <div role="status">
        {test.data?.ok === true && (
          <>
            <p className="m-0 text-small text-text-2">{t('demo.answered', { model: test.data.answeredBy, time: format.duration(test.data.ms) })}</p>
            <blockquote className="mx-0 mt-1 mb-0 rounded-card bg-sunken px-4 py-3">{test.data.text}</blockquote>
          </>
        )}
        {test.data?.ok === false && <p className="m-0 text-bad">{words({ kind: test.data.kind, message: test.data.error })}</p>}
        {test.error && <p className="m-0 text-bad">{words(test.error)}</p>}
      </div>
      <FormFooter>
        {onBack && (
          <Button look="ghost" onClick={onBack} className="me-auto">
            {t('back')}
          </Button>
        )}
        <Button look="primary" loading={test.isPending} onClick={() => test.mutate({ model })}>
          {t('demo.try')}
        </Button>
      </FormFooter>
    </div>
  );
}
