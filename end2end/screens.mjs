// What a person does on a screen, by the words that are on it. Works with and without script: every act is a link or a form.
// Each waits for the page that its act leads to: going elsewhere meanwhile would be a race of two navigations.

import { until } from './harness.mjs';

const button = (page, name) => page.getByRole('button', { name }).first();
const link = (page, name) => page.getByRole('link', { name }).first();

export async function loadSample(page) {
  await button(page, /load the sample project/i).click();
  await page.waitForURL(/[?&]done=/);
}

export async function createProject(page, { id, name, description }) {
  await page.goto('/projects?new=project');
  await page.getByLabel('Id', { exact: true }).fill(id);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Description', { exact: true }).fill(description);
  await button(page, /^create project/i).click();
  await page.waitForURL(new RegExp(`/projects.*${id}`));
}

export async function generateBacklog(page, project) {
  await page.goto(`/backlog?project=${project}`);
  await button(page, /generate/i).click();
  await page.getByText(`${project}-TASK001`).first().waitFor();
}

/** Plan, preview, start; the id of the new sprint. */
export async function startSprint(page, server, project, { name, weeks }) {
  await page.goto(`/sprints?project=${project}&start=preview`);
  await page.getByLabel(/name/i).first().fill(name);
  await page.getByLabel(/weeks/i).first().fill(String(weeks));
  await button(page, /^start sprint/i).click();
  await page.waitForURL((address) => address.pathname.startsWith('/sprints/'));
  const { sprint_id: sprint } = await until('the sprint is active', () => server.ok('GET', `/sprints/active/${project}`));
  return sprint;
}

export async function runDailyScrum(page, sprint) {
  await page.goto(`/sprints/${sprint}?act=daily-scrum`);
  await button(page, /run daily scrum/i).click();
  await page.waitForURL((address) => !address.search.includes('act='));
}

/** The lag that a group's page shows, as a number; `null` while it is unknown. */
export async function lag(page) {
  const text = await page.locator('#lag .value, [data-figure-name=lag]').first().innerText();
  const digits = text.replace(/[^\d]/g, '');
  return digits === '' ? null : Number(digits);
}

export async function pauseGroup(page) {
  await button(page.locator('main'), 'Pause consumers').click();
  await button(page.locator('main'), 'Resume consumers').waitFor();
}

export async function resumeGroup(page) {
  await button(page.locator('main'), 'Resume consumers').click();
  await button(page.locator('main'), 'Pause consumers').waitFor();
}

/** Opens the list of the cause with this error, and its newest record. */
export async function openCause(page, error) {
  await page.goto('/dead-letters');
  await link(page, error).click();
}

/** Presses the act, reads the preview beside the list, confirms it there. */
export async function act(page, name, { reason } = {}) {
  await page.locator('main').getByRole('button', { name }).or(page.locator('main').getByRole('link', { name })).first().click();
  const panel = page.locator('.panel');
  if (reason !== undefined) await panel.getByLabel(/reason/i).fill(reason);
  await panel.getByRole('button', { name }).click();
  await page.waitForURL(/[?&]report=/);
}
