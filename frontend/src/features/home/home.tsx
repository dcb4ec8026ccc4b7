import { Page } from '@/components/page';
import { useVerb } from '@/lib/query';
import { ComboCard } from './parts/combo-card';
import { ConnectCard } from './parts/connect-card';
import { LastRequests } from './parts/last-requests';
import { StartCard } from './parts/start-card';
import { TodayCard } from './parts/today-card';

/** Is it working, where did the last requests go, what did it cost. */
export function Home() {
  const { data: status } = useVerb('System.Status');
  const fresh = status?.connections === 0;
  const plain = fresh && status.combos === 0;
  return (
    <Page>
      {fresh && <StartCard />}
      <div className="grid gap-card lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <ConnectCard main={!fresh} />
        {plain ? <TodayCard /> : <ComboCard />}
      </div>
      {!plain && <TodayCard />}
      <LastRequests />
    </Page>
  );
}
