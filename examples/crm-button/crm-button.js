import { createHush, orThrow } from '@hush/client';

const asked = new URLSearchParams(location.search);
const hush = createHush({ url: asked.get('hush') ?? 'http://127.0.0.1:8080' });
const requester = asked.get('agent') ?? 'sip:agent@domain.com';

const status = document.querySelector('[role="status"]');
const button = (id) => document.querySelector(`#${id}`);

const [call] = orThrow(await hush.calls.list({ agent: requester }));
if (call) {
  const { uccName, correlationId } = call;
  const command = { uccName, correlationId, requester };

  /** Shows the recorder's state, whoever changed it. */
  const show = ({ recordingState }) => {
    status.textContent = `The recorder is ${recordingState}.`;
    button('pause').disabled = recordingState !== 'Started';
    button('start').disabled = recordingState === 'Started';
    button('mark').disabled = false;
  };
  const run = async (action) => {
    const result = await hush.contract.command(action, command);
    if (result.ok) show(result.value);
    else status.textContent = `The command failed: ${result.error.message}`;
  };
  button('pause').onclick = () => run('Pause');
  button('start').onclick = () => run('Start');
  button('mark').onclick = () => run('Mark');
  show(call);

  for await (const event of hush.events({ ucc: uccName })) {
    if (event.correlationId === correlationId) show(event);
  }
} else {
  status.textContent = `${requester} is on no call.`;
}
