/** Effect of a network on one stream's packets. */
export type Impairment = (packet: Buffer, send: (packet: Buffer) => void) => void;

/** Loses one packet in twenty, and sends one in twenty twice. */
export function losing(random: () => number): Impairment {
  return (packet, send) => {
    const fate = random();
    if (fate < 0.05) return;
    send(packet);
    if (fate > 0.95) send(Buffer.from(packet));
  };
}

/** Lets one packet in ten overtake the previous one. */
export function reordering(random: () => number): Impairment {
  let held: (() => void) | undefined;
  return (packet, send) => {
    if (!held && random() < 0.1) {
      held = () => send(packet);
      return;
    }
    send(packet);
    held?.();
    held = undefined;
  };
}
