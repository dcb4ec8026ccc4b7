import { useParams } from '@/lib/router';
import { Editor } from './editor';
import { ComboList } from './list';

/** One name that never stops answering: the list, or one combo's page. */
export function Combos() {
  const { id } = useParams();
  return id === undefined ? <ComboList /> : <Editor key={id} id={id === 'new' ? null : id} />;
}
