import {
  Alert,
  Anchor,
  Button,
  Center,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import { beginCodeFlow, CodeFlowError, type ConsoleIssuer } from '../code-flow.ts';
import { Failed } from '../parts/notes.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';

interface SignInPageProps {
  /** The reason why the return from an issuer failed. */
  readonly refused: string | undefined;
  onSignedIn(): void;
  /** Set if the network also admits callers without a token. */
  onBack?(): void;
}

/** Signs in by name and password, or at one of the issuers whose tokens Hush accepts. */
export function SignInPage({ refused, onSignedIn, onBack }: SignInPageProps) {
  const ways = useQuery('sign-in', () => session.hush.request('GET /api/sign-in', {}));
  const [problem, setProblem] = useState<string>();
  const shown = problem ?? refused;
  const { password = false, firstAdmin = false, issuers = [] } = ways.value ?? {};
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={380}>
        <Stack>
          <Title order={1} size="h3">
            {texts.signIn.title}
          </Title>
          {ways.error && <Failed error={ways.error} again={ways.again} />}
          {shown && (
            <Alert color="red" role="alert">
              {shown}
            </Alert>
          )}
          {issuers.map((issuer) => (
            <IssuerButton key={issuer.issuer} issuer={issuer} onProblem={setProblem} />
          ))}
          {password && <PasswordForm onSignedIn={onSignedIn} onProblem={setProblem} />}
          {ways.value && !password && issuers.length === 0 && (
            <Text c="dimmed">{texts.signIn.noWay}</Text>
          )}
          {firstAdmin && (
            <Anchor href="#/first-admin" underline="always">
              {texts.firstAdmin.link}
            </Anchor>
          )}
          {onBack && (
            <Button variant="default" onClick={onBack}>
              {texts.signIn.back}
            </Button>
          )}
        </Stack>
      </Paper>
    </Center>
  );
}

interface IssuerButtonProps {
  readonly issuer: ConsoleIssuer;
  onProblem(problem: string): void;
}

function IssuerButton({ issuer, onProblem }: IssuerButtonProps) {
  const [isBusy, setBusy] = useState(false);
  // A user who navigates back from the issuer may find this page as it was left.
  useWindowEvent('pageshow', () => setBusy(false));
  const go = async (): Promise<void> => {
    setBusy(true);
    try {
      await beginCodeFlow(issuer);
    } catch (cause) {
      setBusy(false);
      onProblem(cause instanceof CodeFlowError ? cause.message : texts.failed);
    }
  };
  return (
    <Button loading={isBusy} onClick={() => void go()}>
      {texts.signIn.with} {new URL(issuer.issuer).host}
    </Button>
  );
}

interface PasswordFormProps {
  onSignedIn(): void;
  onProblem(problem: string | undefined): void;
}

function PasswordForm({ onSignedIn, onProblem }: PasswordFormProps) {
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const refused = await session.signIn(String(form.get('user')), String(form.get('password')));
    setBusy(false);
    onProblem(refused);
    if (refused === undefined) onSignedIn();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput name="user" label={texts.signIn.user} autoComplete="username" required />
        <PasswordInput
          name="password"
          label={texts.signIn.password}
          autoComplete="current-password"
          required
        />
        <Button type="submit" loading={isBusy}>
          {texts.signIn.submit}
        </Button>
      </Stack>
    </form>
  );
}
