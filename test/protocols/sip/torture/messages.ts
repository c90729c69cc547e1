/** How the agent must take a message; several answers where RFC 4475 leaves the choice. */
export interface Torture {
  readonly section: string;
  readonly name: string;
  readonly message: string;
  /** Statuses; empty: nothing is answered. */
  readonly answers: readonly number[];
  /** It cannot be framed on a stream: there the connection may end instead. */
  readonly datagramOnly?: boolean;
}

interface Parts {
  readonly line?: string;
  readonly method?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: string;
  readonly contact?: string;
  readonly maxForwards?: string;
  readonly headers?: readonly string[];
  readonly length?: string;
  readonly body?: string;
}

let serial = 0;

/** `VIA` is where the test listens, `HERE` where the agent does. */
function message(parts: Parts = {}): string {
  serial += 1;
  const { method = 'INVITE', body = '' } = parts;
  return [
    parts.line ?? `${method} sip:vivekg@HERE SIP/2.0`,
    parts.via ?? `Via: SIP/2.0/VIA;branch=z9hG4bKtorture${serial};rport`,
    parts.maxForwards ?? 'Max-Forwards: 70',
    parts.from ?? `From: "Caller" <sip:caller@example.com>;tag=${serial}torture`,
    parts.to ?? 'To: <sip:vivekg@example.com>',
    parts.callId ?? `Call-ID: torture.${serial}@example.com`,
    parts.cseq ?? `CSeq: ${serial} ${method}`,
    parts.contact ?? 'Contact: <sip:caller@127.0.0.1:9>',
    ...(parts.headers ?? []),
    parts.length ?? `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ]
    .filter((line, index, all) => line !== '' || index >= all.length - 2)
    .join('\r\n');
}

const busy = [486];
const fine = [200];
const bad = [400];
const ignored: number[] = [];

/** Written after the descriptions of RFC 4475; OPTIONS is answered 200, a sound INVITE 486. */
export const tortures: readonly Torture[] = [
  {
    section: '3.1.1.1',
    name: 'a short tortuous INVITE',
    message: message({
      line: 'INVITE sip:vivekg@HERE;unknownparam SIP/2.0',
      to: 'TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
      from: 'f: "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8',
      maxForwards: 'MaX-fOrWaRdS: 0068',
      cseq: 'cseq: 0009\r\n  INVITE',
      callId: 'Call-ID: wsinv.ndaksdj@192.0.2.1',
      contact:
        'm:"Quoted string \\"\\"" <sip:jdrosen@example.com>;newparam=newvalue;secondparam;q=0.33',
      headers: ['NewFangledHeader:   newfangled value\r\n continued newfangled value', 's :'],
      length: 'l: 0',
    }),
    // A tag in To asks for a dialog that is not there.
    answers: [481],
  },
  {
    section: '3.1.1.2',
    name: 'a wide range of valid characters',
    message: message({
      line: "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@HERE SIP/2.0",
      cseq: "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~",
    }),
    answers: [405, 501],
  },
  {
    section: '3.1.1.3',
    name: 'escapes with %',
    message: message({ line: 'INVITE sip:sips%3Auser%40example.com@HERE SIP/2.0' }),
    answers: busy,
  },
  {
    section: '3.1.1.4',
    name: 'escaped nulls in URIs',
    message: message({
      method: 'OPTIONS',
      from: 'From: sip:null-%00-null@example.com;tag=839923423',
      to: 'To: sip:null-%00-null@example.com',
    }),
    answers: fine,
  },
  {
    section: '3.1.1.5',
    name: 'a % that is no escape, in a method',
    message: message({ line: 'RE%47IST%45R sip:HERE SIP/2.0', cseq: 'CSeq: 29344 RE%47IST%45R' }),
    answers: [405, 501],
  },
  {
    section: '3.1.1.6',
    name: 'no space between display name and address',
    message: message({ method: 'OPTIONS', from: 'From: caller<sip:caller@example.com>;tag=323' }),
    answers: fine,
  },
  {
    section: '3.1.1.7',
    name: 'long values in header fields',
    message: message({
      to: `To: "I have a user name of ${'extreme'.repeat(10)} proportion"<sip:user@example.com:6000;unknownparam1=${'very'.repeat(20)}long>`,
      from: `From: sip:${'amazinglylongcallername'.repeat(5)}@example.net;tag=12${'982'.repeat(50)}424;unknownheaderparamname${'very'.repeat(20)}=long`,
      callId: `Call-ID: torture.longreq.one${'really'.repeat(20)}longcallid`,
      headers: [`Unknown-${'Long'.repeat(20)}-Name: unknown-${'long'.repeat(20)}-value`],
    }),
    answers: busy,
  },
  {
    section: '3.1.1.8',
    name: 'extra octets behind a datagram',
    message: `${message({ method: 'OPTIONS' })}INVITE sip:joe@example.com SIP/2.0\r\n`,
    answers: fine,
    datagramOnly: true,
  },
  {
    section: '3.1.1.9',
    name: 'a semicolon in the user part',
    message: message({
      method: 'OPTIONS',
      line: 'OPTIONS sip:user;par=u%40example.net@HERE SIP/2.0',
    }),
    answers: fine,
  },
  {
    section: '3.1.1.10',
    name: 'varied and unknown transports in Via',
    message: message({
      method: 'OPTIONS',
      headers: [
        'Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKkdjuw',
        'Via: SIP/2.0/UNKNOWN t5.example.com;branch=z9hG4bK2f4ssa',
      ],
    }),
    answers: fine,
  },
  {
    section: '3.1.1.11',
    name: 'a multipart body with a binary part',
    message: message({
      method: 'OPTIONS',
      headers: ['Content-Type: multipart/mixed;boundary=7a9cbec02ceef655'],
      body: '--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n\u0000\u0001\u00ff\r\n--7a9cbec02ceef655--\r\n',
    }),
    answers: fine,
  },
  {
    section: '3.1.1.12',
    name: 'an unusual reason phrase of a response',
    message: message({
      line: 'SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e',
      cseq: 'CSeq: 35 INVITE',
    }),
    answers: ignored,
  },
  {
    section: '3.1.2.1',
    name: 'extraneous separators',
    message: message({ contact: 'Contact: "Joe" <sip:joe@example.org>;;,;;,,' }),
    answers: [...bad, ...busy],
  },
  {
    section: '3.1.2.2',
    name: 'a Content-Length larger than the message',
    message: message({ length: 'Content-Length: 9999', body: 'v=0\r\n' }),
    answers: bad,
    datagramOnly: true,
  },
  {
    section: '3.1.2.3',
    name: 'a negative Content-Length',
    message: message({ length: 'Content-Length: -999' }),
    answers: bad,
    datagramOnly: true,
  },
  {
    section: '3.1.2.4',
    name: 'scalars that are too large',
    message: message({
      cseq: 'CSeq: 36893488147419103232 INVITE',
      maxForwards: 'Max-Forwards: 300',
    }),
    answers: bad,
  },
  {
    section: '3.1.2.5',
    name: 'scalars of a response that are too large',
    message: message({
      line: 'SIP/2.0 503 Service Unavailable',
      cseq: 'CSeq: 9292394834772304023312 OPTIONS',
    }),
    answers: ignored,
  },
  {
    section: '3.1.2.6',
    name: 'a quote that is not closed',
    message: message({ to: 'To: "Mr. J. User <sip:j.user@example.com>' }),
    answers: bad,
  },
  {
    section: '3.1.2.7',
    name: '<> around the request URI',
    message: message({ line: 'INVITE <sip:user@HERE> SIP/2.0' }),
    answers: [...bad, 416],
  },
  {
    section: '3.1.2.8',
    name: 'white space within the request URI',
    message: message({ line: 'INVITE sip:user@HERE; lr SIP/2.0' }),
    answers: bad,
  },
  {
    section: '3.1.2.9',
    name: 'several spaces within the request line',
    message: message({ line: 'INVITE  sip:user@HERE  SIP/2.0' }),
    answers: bad,
  },
  {
    section: '3.1.2.10',
    name: 'spaces at the end of the request line',
    message: message({ method: 'OPTIONS', line: 'OPTIONS sip:user@HERE SIP/2.0  ' }),
    answers: [...bad, ...fine],
  },
  {
    section: '3.1.2.11',
    name: 'escaped headers in a SIP request URI',
    message: message({ line: 'INVITE sip:user@HERE?Route=%3Csip:example.com%3E SIP/2.0' }),
    answers: [...bad, ...busy],
  },
  {
    section: '3.1.2.12',
    name: 'an invalid time zone in Date',
    message: message({ headers: ['Date: Fri, 01 Jan 2010 16:00:00 EST'] }),
    answers: [...bad, ...busy],
  },
  {
    section: '3.1.2.13',
    name: 'a name-addr without <>, with parameters',
    message: message({
      method: 'OPTIONS',
      contact: 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E',
    }),
    answers: [...bad, ...fine],
  },
  {
    section: '3.1.2.14',
    name: 'spaces within an addr-spec',
    message: message({
      method: 'OPTIONS',
      to: 'To: "Watson, Thomas" < sip:t.watson@example.org >',
    }),
    answers: [...bad, ...fine],
  },
  {
    section: '3.1.2.15',
    name: 'a display name that is no token',
    message: message({
      method: 'OPTIONS',
      from: 'From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43',
    }),
    answers: [...bad, ...fine],
  },
  {
    section: '3.1.2.16',
    name: 'an unknown protocol version',
    message: message({ method: 'OPTIONS', line: 'OPTIONS sip:t.watson@HERE SIP/7.0' }),
    answers: [505],
  },
  {
    section: '3.1.2.17',
    name: 'a start line and a CSeq that disagree',
    message: message({ line: 'OPTIONS sip:user@HERE SIP/2.0', cseq: 'CSeq: 8 INVITE' }),
    answers: bad,
  },
  {
    section: '3.1.2.18',
    name: 'an unknown method, and a CSeq that disagrees',
    message: message({ line: 'NEWMETHOD sip:user@HERE SIP/2.0', cseq: 'CSeq: 8 INVITE' }),
    answers: [400, 405, 501],
  },
  {
    section: '3.1.2.19',
    name: 'a response code past the end',
    message: message({ line: 'SIP/2.0 4294967301 better not break the receiver' }),
    answers: ignored,
  },
  {
    section: '3.2.1',
    name: 'a branch that is only the cookie',
    message: message({ method: 'OPTIONS', via: 'Via: SIP/2.0/VIA;branch=z9hG4bK;rport' }),
    answers: [...fine, ...bad],
  },
  {
    section: '3.3.1',
    name: 'required header fields are missing',
    message:
      'INVITE sip:user@HERE SIP/2.0\r\nVia: SIP/2.0/VIA;branch=z9hG4bKmissing;rport\r\nCSeq: 193942 INVITE\r\nContent-Length: 0\r\n\r\n',
    // Without From, To and Call-ID there is nothing to answer with.
    answers: ignored,
  },
  {
    section: '3.3.2',
    name: 'a request URI of an unknown scheme',
    message: message({
      method: 'OPTIONS',
      line: 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0',
    }),
    answers: [416, 200, 400],
  },
  {
    section: '3.3.3',
    name: 'a request URI of a known but odd scheme',
    message: message({ method: 'OPTIONS', line: 'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0' }),
    answers: [416, 200, 400],
  },
  {
    section: '3.3.4',
    name: 'unknown schemes in header fields',
    message: message({
      method: 'OPTIONS',
      to: 'To: isbn:2983792873',
      contact: 'Contact: <name:John_Smith>',
    }),
    answers: [...fine, ...bad],
  },
  {
    section: '3.3.5',
    name: 'Proxy-Require and Require of the unknown',
    message: message({
      method: 'OPTIONS',
      headers: ['Require: nothingSupportsThis, nothingSupportsThisEither'],
    }),
    answers: [420],
  },
  {
    section: '3.3.6',
    name: 'a Content-Type nobody knows',
    message: message({ headers: ['Content-Type: application/unknownformat'], body: '<audio/>' }),
    answers: [415, ...busy],
  },
  {
    section: '3.3.7',
    name: 'an authorization scheme nobody knows',
    message: message({
      method: 'OPTIONS',
      headers: ['Authorization: NoOneKnowsThisScheme opaque-data=here'],
    }),
    answers: fine,
  },
  {
    section: '3.3.8',
    name: 'several values of header fields that have one',
    message: message({
      headers: [
        'CSeq: 59 INVITE',
        'Call-ID: multi01.another@example.com',
        'From: Someone Else <sip:other@example.com>;tag=other',
        'To: sip:another@example.com;tag=another',
      ],
    }),
    answers: [...bad, ...busy, 481],
  },
  {
    section: '3.3.9',
    name: 'several Content-Lengths',
    message: message({ headers: ['Content-Length: 5'], body: 'There is no way' }),
    answers: bad,
    datagramOnly: true,
  },
  {
    section: '3.3.10',
    name: 'a response with Via of somebody else',
    message: message({
      line: 'SIP/2.0 200 OK',
      via: 'Via: SIP/2.0/UDP 255.255.255.255:1;branch=z9hG4bKsomebody',
    }),
    answers: ignored,
  },
  {
    section: '3.3.11',
    name: 'Max-Forwards of 0',
    message: message({ method: 'OPTIONS', maxForwards: 'Max-Forwards: 0' }),
    answers: fine,
  },
  {
    section: '3.3.12',
    name: 'a REGISTER with an escaped contact',
    message: message({
      method: 'REGISTER',
      contact: 'Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>',
    }),
    answers: [405, 501],
  },
  {
    section: '3.3.15',
    name: 'a body that is unacceptable in type',
    message: message({ headers: ['Accept: text/nobodyKnowsThis'], body: '' }),
    answers: [406, ...busy],
  },
  {
    section: '3.4.1',
    name: 'an INVITE of RFC 2543',
    message: message({
      via: 'Via: SIP/2.0/VIA',
      maxForwards: '',
      from: 'From: sip:iuser@example.com',
    }),
    answers: [...busy, ...bad],
  },
];
