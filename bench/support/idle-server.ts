// The baseline of the command bench: the same Fastify and the same route, which does nothing.
import Fastify from 'fastify';

const answer = {
  CorrelationId: '1d6c6a58-6739-4f0c-98ff-0968292c8c30',
  RecordingState: 1,
  MarkingState: 1,
  SavingState: 0,
  ErrorMessage: null,
  UCCName: 'ucc-demo-name',
};
const app = Fastify({ routerOptions: { caseSensitive: false } });
app.setSerializerCompiler(() => (data) => JSON.stringify(data));
app.post('/attendantservice/api/recording/set', async () => answer);
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
if (process.send && address !== null) process.send(address);
