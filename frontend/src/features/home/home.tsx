import { Page } from '@/components/page';
import { ConnectCard } from './parts/connect-card';

/** Is it working, where did the last requests go, what did it cost. */
export function Home() {
  return (
    <Page>
      <ConnectCard />
    </Page>
  );
}
