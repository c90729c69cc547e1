import '@mantine/core/styles.css';
import { type CSSVariablesResolver, createTheme, MantineProvider } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

/** A quiet, dense theme with one accent. */
const theme = createTheme({
  primaryColor: 'teal',
  autoContrast: true,
  primaryShade: 9,
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
});

/** Darker: on a lighter shade its text would be unreadable. */
const accentUnderPointer = {
  '--mantine-color-teal-filled-hover': '#066649',
  '--mantine-primary-color-filled-hover': '#066649',
};

/** Dimmed text still has a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3). */
const variables: CSSVariablesResolver = (of) => ({
  variables: {},
  light: {
    ...accentUnderPointer,
    '--mantine-color-dimmed': of.colors.gray[7],
    '--mantine-color-placeholder': of.colors.gray[7],
  },
  dark: {
    ...accentUnderPointer,
    '--mantine-color-dimmed': of.colors.dark[1],
    '--mantine-color-placeholder': of.colors.dark[1],
  },
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={variables}>
      <App />
    </MantineProvider>,
  );
}
