// The recorder's media thread, with an event loop that stalls.
import '../../../src/recorder/worker.ts';
import './stalls.ts';
