import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { TestHush, ucc } from '../../support/hush/hush.ts';
import { programPath, runProgram } from '../../support/programs.ts';
import { address, type BaresipCall, callSeconds, type Heard, toneHz } from './plan.ts';

/**
 * Runs in a network namespace of its own, for baresip refuses the loopback interface: Hush, and
 * real calls to it, one after the other. What was recorded goes to files and to standard output.
 */
const [folder = '', planned = '[]'] = process.argv.slice(2);
const calls = JSON.parse(planned) as BaresipCall[];

const [certFile, keyFile] = [join(folder, 'hush.crt'), join(folder, 'hush.key')];

const modules = ['g711', 'g722', 'opus', 'aufile', 'srtp'];

function settings(port: number, tone: string): string {
  return [
    `sip_listen ${address}:${port}`,
    'audio_player aufile,/dev/null',
    'audio_alert aufile,/dev/null',
    `audio_source aufile,${tone}`,
    `sip_cafile ${certFile}`,
    'module_path /usr/lib/baresip/modules',
    ...modules.map((name) => `module ${name}.so`),
    'module_tmp account.so',
    'module_app menu.so',
  ].join('\n');
}

async function place({ codec, encryption, transport }: BaresipCall, at: number): Promise<void> {
  const home = join(folder, `baresip-${at}`);
  mkdirSync(home);
  const tone = join(home, 'tone.wav');
  const [, rate = '8000', channels = '1'] = codec.split('/');
  const synth = ['synth', `${2 * callSeconds}`, 'sine', `${toneHz}`, 'gain', '-6'];
  await runProgram('sox', ['-n', '-r', rate, '-c', channels, '-b', '16', tone, ...synth]);
  const account = `<sip:agent@${address};transport=${transport}>`;
  const parameters = `regint=0;audio_codecs=${codec};mediaenc=${encryption}`;
  writeFileSync(join(home, 'config'), `${settings(5070 + at, tone)}\n`);
  writeFileSync(join(home, 'accounts'), `${account};${parameters}\n`);
  const port = transport === 'tls' ? hush.sipTlsPort : hush.sipUdpPort;
  const dial = `/dial sip:${ucc}@${address}:${port};transport=${transport}`;
  const child = spawn(programPath('baresip'), ['-f', home, '-t', `${callSeconds}`, '-e', dial], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await once(child, 'exit');
}

async function heard(call: BaresipCall, at: number): Promise<Heard> {
  const before = hush.events.length;
  await place(call, at);
  const saved = await hush.event(
    (event) => event.type === 'recordingSaved' && hush.events.indexOf(event) >= before,
  );
  const recording = await hush.get(`/api/recordings/${saved.callId}`);
  const file = join(folder, `${at}.wav`);
  writeFileSync(file, await hush.audio(saved.callId));
  const [track] = recording.tracks;
  return { file, codec: track.codec, packets: track.packets, lengthMs: recording.lengthMs };
}

const certificate = await generate([{ name: 'commonName', value: address }], {
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: address }] }],
});
writeFileSync(certFile, certificate.cert);
writeFileSync(keyFile, certificate.private);
const hush = await TestHush.start({
  config: (config) => ({
    ...config,
    sip: {
      ...{ ...config.sip, host: address, allowedNetworks: [address] },
      tls: { ...config.sip.tls, certFile, keyFile },
    },
    rtp: { ...config.rtp, host: address },
  }),
});
for (const [at, call] of calls.entries()) {
  process.stdout.write(`${JSON.stringify(await heard(call, at))}\n`);
}
await hush.remove();
