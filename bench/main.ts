import { benchArchive } from './archive.ts';
import { benchAuth } from './auth.ts';
import { benchCommands } from './commands.ts';
import { benchConsole } from './console.ts';
import { benchFence } from './fence.ts';
import { benchFloods } from './floods.ts';
import { benchHub } from './hub.ts';
import { benchLive } from './live.ts';
import { benchPeers } from './peers/main.ts';
import { benchSoak } from './soak.ts';
import { benchStore } from './store.ts';
import { benchStreams } from './streams.ts';
import { benchTorture } from './torture.ts';

const benches: Record<string, () => Promise<void>> = {
  fence: benchFence,
  commands: benchCommands,
  streams: benchStreams,
  floods: benchFloods,
  hub: benchHub,
  auth: benchAuth,
  archive: benchArchive,
  console: benchConsole,
  live: benchLive,
  torture: benchTorture,
  soak: benchSoak,
  store: benchStore,
  peers: benchPeers,
};

const words = process.argv.slice(2);
const firstFlag = words.findIndex((word) => word.startsWith('--'));
const names = firstFlag < 0 ? words : words.slice(0, firstFlag);
const unknown = names.filter((name) => !(name in benches));
if (names.length === 0 || unknown.length > 0) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    console.log(`bench ${name}`);
    await benches[name]?.();
  }
}
