// What can still be undone, newest last. Ctrl/Cmd+Z takes from here while the
// toast that offered it is alive.
interface Entry {
  id: number;
  run: () => void;
}

const alive: Entry[] = [];
let count = 0;

export function offerUndo(run: () => void): { run: () => void; expire: () => void } {
  const entry = { id: ++count, run };
  alive.push(entry);
  const expire = () => {
    const at = alive.indexOf(entry);
    if (at >= 0) alive.splice(at, 1);
    return at >= 0;
  };
  return {
    run: () => {
      if (expire()) run();
    },
    expire: () => void expire(),
  };
}

export function undoLast(): boolean {
  const last = alive.pop();
  last?.run();
  return last !== undefined;
}
