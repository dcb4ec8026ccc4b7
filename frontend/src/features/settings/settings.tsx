import { Page } from '@/components/page';
import { Appearance } from './parts/appearance';

export function SettingsPage() {
  return (
    <Page>
      <Appearance />
    </Page>
  );
}
