// A media thread of the recorder's own whose event loop stalls.
import '../../../src/recorder/worker.ts';
import './stalls.ts';
