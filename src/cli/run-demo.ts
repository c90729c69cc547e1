import { createServer as createSocketServer } from 'node:net';
import { loadConfig } from '../config/load.ts';
import { ContactCentre, demoAgents, demoSupervisor, demoUcc } from '../demo/contact-centre.ts';
import { eventLine } from '../demo/event-lines.ts';
import { standardOutput } from '../logging/standard-output.ts';
import { createServer } from '../server.ts';
import {
  addDemoPeople,
  type DemoCredentials,
  demoClient,
  demoTenant,
  demoUser,
} from './demo-people.ts';
import { runServer } from './run-server.ts';

/** Runs until it is interrupted. */
export async function runDemo(): Promise<void> {
  let credentials: DemoCredentials;
  let centre: ContactCentre | undefined;
  await runServer({
    async create() {
      const config = await demoConfig();
      credentials = await addDemoPeople(config);
      return createServer(config);
    },
    async started(server, { http, sipUdpPort }) {
      say(`\nHush is ready.  API ${http}  docs ${http}/docs  SIP 127.0.0.1:${sipUdpPort}`);
      say(`\nSee and hear it: ${http}/#/demo\n`);
      server.onEvent((event) => say(eventLine(event)));
      centre = new ContactCentre({
        sipPort: sipUdpPort ?? 0,
        api: http,
        onLongCall: (correlationId) => say(tryIt(http, correlationId, credentials)),
        onProblem: (message) => say(`! ${message}`),
      });
      await centre.open();
    },
    async stop(server) {
      await centre?.close();
      await server.stop();
    },
  });
}

async function demoConfig() {
  const config = loadConfig({ environment: process.env });
  const settings = {
    useAudioRecording: true,
    agentCanEditAudioRecording: true,
    agents: demoAgents,
    supervisors: [demoSupervisor],
  };
  const level = process.env.HUSH_LOG_LEVEL === undefined ? 'warn' : config.log.level;
  return {
    ...config,
    log: { ...config.log, level },
    // The demo is this machine's own: who is on it may do everything, without a token too.
    auth: { ...config.auth, anonymousRole: 'admin' as const, tenantId: demoTenant },
    http: { ...config.http, port: await freePort(config.http.port) },
    sip: {
      ...config.sip,
      udpPort: await freePort(config.sip.udpPort),
      tcpPort: await freePort(config.sip.tcpPort),
    },
    uccs: [{ name: demoUcc, ...settings }],
  };
}

/** The port if it is free, else 0: the demo shows itself beside whatever else runs here. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createSocketServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
}

function tryIt(api: string, correlationId: string, credentials: DemoCredentials): string {
  const body = JSON.stringify({
    Action: 'Pause',
    RequesterSipUri: demoAgents[0],
    CorrelationId: correlationId,
    UCCName: demoUcc,
  });
  return [
    '',
    'Pause a call that is live now:',
    '',
    `  curl -s ${api}/attendantservice/api/recording/set -H 'Content-Type: application/json' \\`,
    `    -d '${body}'`,
    '',
    'And resume it with a bearer token (v2):',
    '',
    `  TOKEN=$(curl -s ${api}/auth/realms/${demoTenant}/protocol/openid-connect/token \\`,
    `    -d client_id=${demoClient} -d client_secret=${credentials.secret} \\`,
    `    -d username=${demoUser} -d password=${credentials.password} \\`,
    `    -d grant_type=client_credentials | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s ${api}/attendantservice/api/v2/recording/set -H "Authorization: Bearer $TOKEN" \\`,
    `    -H 'Content-Type: application/json' -d '${body.replace('"Pause"', '"Start"')}'`,
    '',
    `Its state:   curl -s ${api}/attendantservice/api/recording/${demoUcc}/${correlationId}`,
    `Recordings:  curl -s ${api}/api/recordings`,
    `Listen:      curl -s ${api}/api/recordings/ID/audio -o call.wav`,
    '',
  ].join('\n');
}

function say(line: string): void {
  standardOutput().write(`${line}\n`);
}
