import { type RefObject, startTransition, useEffect, useRef, useState } from 'react';

/** Rows drawn beyond the edge, so that they are there when the user scrolls. */
const OVERSCAN = 8;

interface Shown {
  readonly first: number;
  readonly end: number;
}

/** Returns the rows of a long list to draw: those near the visible ones. */
export function useWindow<Box extends HTMLElement>(
  count: number,
  rowHeight: number,
): Shown & { readonly ref: RefObject<Box | null> } {
  const ref = useRef<Box>(null);
  const [shown, setShown] = useState<Shown>({ first: 0, end: 40 });
  useEffect(() => {
    const look = (): void => {
      const box = ref.current;
      if (!box) return;
      const top = box.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(-top / rowHeight) - OVERSCAN);
      const end = Math.ceil((innerHeight - top) / rowHeight) + OVERSCAN;
      // Rows are drawn a few at a time: the page stays responsive.
      startTransition(() =>
        setShown((before) =>
          before.first === first && before.end === end ? before : { first, end },
        ),
      );
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [rowHeight]);
  return { ref, first: Math.min(shown.first, count), end: Math.min(shown.end, count) };
}
