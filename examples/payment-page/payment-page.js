import { createHush, guardFields } from '@hush/client';

// A real page gets the URL from its configuration, and the agent from its sign-in.
const asked = new URLSearchParams(location.search);
const hush = createHush({ url: asked.get('hush') ?? 'http://127.0.0.1:8080' });
const agent = asked.get('agent') ?? 'sip:agent@domain.com';

const form = document.querySelector('form');

// The card fields open only while Hush confirms that this agent's call is not recorded.
guardFields(form, () => hush.calls.ofAgent(agent), { reason: 'card entry' });

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // Send the card to your payment provider here, and nowhere else.
  form.reset();
  document.querySelector('#outcome').textContent = 'Paid.';
});
