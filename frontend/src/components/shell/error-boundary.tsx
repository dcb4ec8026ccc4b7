import i18next from 'i18next';
import { Component, type ReactNode } from 'react';
import { Button } from '@/components/ui/button';

interface Props {
  /** A change of it (another page) gives the page another chance. */
  at: string;
  children: ReactNode;
}

/** Catches what a page throws; the shell around it keeps working. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidUpdate(before: Props): void {
    if (before.at !== this.props.at && this.state.failed) this.setState({ failed: false });
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert" className="mx-auto flex max-w-form flex-col items-start gap-3 px-gutter py-12">
        <p className="m-0 text-card font-semibold">{i18next.t('errors:page.title')}</p>
        <p className="m-0 text-text-2">{i18next.t('errors:page.text')}</p>
        <Button look="primary" onClick={() => window.location.reload()}>
          {i18next.t('errors:page.reload')}
        </Button>
      </div>
    );
  }
}
