import { createHush, guardFields, orThrow } from '@hush/client';

// A page of yours knows both: from its configuration, and from who has signed in.
const asked = new URLSearchParams(location.search);
const hush = createHush({ url: asked.get('hush') ?? 'http://127.0.0.1:8080' });
const agent = asked.get('agent') ?? 'sip:agent@domain.com';

const form = document.querySelector('form');
const outcome = document.querySelector('#outcome');

const [call] = orThrow(await hush.calls.list({ agent }));
if (call) {
  guardFields(form, hush.call(call.id), { reason: 'card entry' });
} else {
  outcome.textContent = `${agent} is on no call.`;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // Here the card goes to your payment provider, and nowhere else.
  form.reset();
  outcome.textContent = 'Paid.';
});
