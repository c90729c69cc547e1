import type { HushError } from '@hush/client';
import { AppShell, Burger, Button, Center, Group, Loader, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useCallback, useEffect, useState } from 'react';
import { CallPage } from './pages/call.tsx';
import { DemoPage } from './pages/demo.tsx';
import { FirstAdminPage } from './pages/first-admin.tsx';
import { HealthPage } from './pages/health.tsx';
import { LivePage } from './pages/live.tsx';
import { PeoplePage } from './pages/people.tsx';
import { RecordingPage } from './pages/recording.tsx';
import { RecordingsPage } from './pages/recordings.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { UccsPage } from './pages/uccs.tsx';
import { Failed } from './parts/notes.tsx';
import { type Route, useRoute } from './route.ts';
import { type Me, type Permission, session } from './session.ts';
import { texts } from './texts.ts';
import { useQuery } from './use-query.ts';

/** Each page is shown to those who may use it. */
const pages: readonly { page: keyof typeof texts.nav; needs: Permission }[] = [
  { page: 'live', needs: 'readCalls' },
  { page: 'recordings', needs: 'readRecordings' },
  { page: 'health', needs: 'readAssurance' },
  { page: 'uccs', needs: 'readUccs' },
  { page: 'people', needs: 'readWebhooks' },
  { page: 'demo', needs: 'listen' },
];

export function App() {
  const route = useRoute();
  const [me, setMe] = useState<Me>();
  const [error, setError] = useState<HushError>();
  const [refused, setRefused] = useState<string>();
  /** Callers whom the network admits skip the sign-in page. */
  const [isAtDoor, setAtDoor] = useState(false);
  const look = useCallback(async () => {
    const back = await session.comeBack();
    const turnAway = (why: string): void => {
      setRefused(why);
      setAtDoor(true);
    };
    if (back.problem !== undefined) turnAway(back.problem);
    const result = await session.client.request('GET /api/me', {});
    setMe(result.ok ? result.value : undefined);
    setError(result.ok ? undefined : result.error);
    if (back.isBack && !result.ok && isRefusal(result.error)) turnAway(texts.signIn.notAccepted);
  }, []);
  useEffect(() => {
    void look();
    return session.onSignedOut(() => void look());
  }, [look]);
  const leaveDoor = (): void => {
    setRefused(undefined);
    setAtDoor(false);
  };
  const goIn = (): void => {
    leaveDoor();
    void look();
  };
  if (route.page === 'first-admin') return <FirstAdminPage onSignedIn={goIn} />;
  if (me && !(isAtDoor && me.isAnonymous)) {
    return <Shell me={me} route={route} onSignIn={() => setAtDoor(true)} />;
  }
  if (me || (error && isRefusal(error))) {
    const back = me ? { onBack: leaveDoor } : {};
    return <SignInPage refused={refused} onSignedIn={goIn} {...back} />;
  }
  return (
    <Center component="main" mih="100dvh" p="md">
      {error ? (
        <Failed error={error} again={() => void look()} />
      ) : (
        <Loader aria-label={texts.title} />
      )}
    </Center>
  );
}

function isRefusal(error: HushError): boolean {
  return error.kind === 'http' && [401, 403].includes(error.status);
}

interface ShellProps {
  readonly me: Me;
  readonly route: Route;
  onSignIn(): void;
}

function Shell({ me, route, onSignIn }: ShellProps) {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { page } = route;
  // Names the page in the title, for screen readers and users of several tabs.
  useEffect(() => {
    const name = page in texts.nav ? texts.nav[page as keyof typeof texts.nav] : texts.call.title;
    document.title = `${name} · ${texts.title}`;
  }, [page]);
  const may = useCallback((permission: Permission) => me.permissions.includes(permission), [me]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={texts.menu}
            />
            <Text fw={700} size="lg">
              <span aria-hidden="true">❚❚</span> {texts.title}
            </Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Text size="sm" c="dimmed" truncate>
              {me.isAnonymous ? texts.signIn.anonymous : me.name}
            </Text>
            {me.isAnonymous ? (
              <SignInButton onSignIn={onSignIn} />
            ) : (
              <Button size="compact-sm" variant="default" onClick={() => session.signOut()}>
                {texts.signIn.out}
              </Button>
            )}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        {pages
          .filter(({ needs }) => may(needs))
          .map(({ page }) => (
            <NavLink
              key={page}
              href={`#/${page}`}
              label={texts.nav[page]}
              active={route.page === page}
              variant="filled"
              aria-current={route.page === page ? 'page' : undefined}
              onClick={close}
            />
          ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Page route={route} may={may} />
      </AppShell.Main>
    </AppShell>
  );
}

/** Shown if sign-in is possible. */
function SignInButton({ onSignIn }: { onSignIn(): void }) {
  const { value } = useQuery('sign-in', () => session.hush.request('GET /api/sign-in', {}));
  if (!value || (!value.password && value.issuers.length === 0)) return null;
  return (
    <Button size="compact-sm" variant="default" onClick={onSignIn}>
      {texts.signIn.submit}
    </Button>
  );
}

function Page({ route, may }: { readonly route: Route; may(permission: Permission): boolean }) {
  switch (route.page) {
    case 'calls':
      return <CallPage key={route.id} id={route.id ?? ''} may={may} />;
    case 'recordings':
      return route.id ? (
        <RecordingPage
          key={`${route.id}?${route.query}`}
          id={route.id}
          startAt={Number(route.query.get('t') ?? 0)}
          may={may}
        />
      ) : (
        <RecordingsPage />
      );
    case 'health':
      return <HealthPage may={may} />;
    case 'uccs':
      return <UccsPage canChange={may('changeUccs')} />;
    case 'people':
      return <PeoplePage may={may} />;
    case 'demo':
      return <DemoPage />;
    default:
      return <LivePage canCommand={may('command')} />;
  }
}
