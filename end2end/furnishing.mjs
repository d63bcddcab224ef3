// Something to look at, made by the HTTP API and by another program's hand, so that pages have more than empty states.

import { randomUUID } from 'node:crypto';

import { until } from './harness.mjs';

/** Markup in every place where a stranger can write. Shown as text or it shows up in `page.faults` and in the DOM. */
export const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}`;

/** The project of the furnishing; its id has a dash, as ids may. */
export const PROJECT = 'ACM-7';

/** The id of an event of another program. */
export const FOREIGN = '7f3c2c1e-6f0e-4a52-9a53-3e1d8a2f9c11';

/** An event as the wire has it. */
export function taskUpdated(project, task, progress, eventId = randomUUID()) {
  const now = new Date().toISOString().replace('Z', '000');
  return JSON.stringify({
    event_id: eventId,
    event_type: 'TASK_UPDATED',
    timestamp: now,
    aggregate_id: task,
    aggregate_type: 'Task',
    event_data: {
      task_id: task,
      project_id: project,
      sprint_id: null,
      status: 'in_progress',
      progress_percentage: progress,
      updated_at: now,
      assigned_to: null,
    },
    metadata: { source_service: 'Story', correlation_id: randomUUID() },
  });
}

/** A project with a running sprint, a dead letter, and a stream of a program that knows nothing of us. */
export async function furnish(server) {
  await server.ok('POST', '/projects', { id: PROJECT, name: 'Web shop', description: 'Checkout', status: 'active' });
  for (const [id, name] of [['E001', 'Ines Keller'], ['E002', 'Tomas Brandt']]) {
    await server.ok('POST', '/employees', { employee_id: id, name });
  }
  await server.ok('POST', `/projects/${PROJECT}/team-members-assign`, { employee_ids: ['E001', 'E002'] });
  await server.ok('POST', `/backlogs/${PROJECT}`);
  const first = await server.ok('POST', `/sprints/${PROJECT}`, { sprint_name: 'Cart', duration_weeks: 1 });
  await server.ok('POST', `/sprints/${first.sprint_id}/run-daily-scrum`);
  await server.ok('POST', `/sprints/${first.sprint_id}/close`);
  await until('unfinished tasks are back in the backlog', async () => {
    const summary = await server.ok('GET', `/backlogs/${PROJECT}/summary`);
    return summary.unassigned_for_sprint_count > 0;
  });
  const { sprint_id: sprint } = await server.ok('POST', `/sprints/${PROJECT}`, {
    sprint_name: 'Checkout',
    duration_weeks: 2,
  });
  await server.ok('POST', `/sprints/${sprint}/run-daily-scrum`);

  await server.ok('POST', '/projects', { id: 'NEXT', name: 'Not begun', description: 'Waits for its first sprint', status: 'active' });
  await server.ok('POST', '/backlogs/NEXT');

  await server.redis('XADD', 'task_update_events', '*', 'data', 'this is not JSON');
  await server.redis('XADD', 'orders', '*', 'order', HOSTILE, 'total', '12.50');
  await server.redis('XGROUP', 'CREATE', 'orders', 'invoice-mailer', '0');
  await server.redis('XADD', 'orders', '*', 'order', 'second', 'total', '7.00');
  await server.redis('XREADGROUP', 'GROUP', 'invoice-mailer', HOSTILE, 'COUNT', '1', 'STREAMS', 'orders', '>');

  const record = await until('the malformed entry is a dead letter', async () => {
    const { records } = await server.ok('GET', '/api/console/dead-letters');
    return records[0];
  });
  await until('the foreign stream was sampled', async () => {
    const streams = await server.ok('GET', '/api/console/streams');
    return streams.some((stream) => stream.name === 'orders' && stream.groups.length === 1);
  });
  const pending = (await server.redis('XPENDING', 'orders', 'invoice-mailer', '-', '+', '1')).split('\n')[0];
  // an event of another program that its group has not read, and the correlation of a sprint that was started
  await server.redis('XADD', 'orders', '*', 'data', JSON.stringify({ event_id: FOREIGN, event_type: 'OrderPaid', aggregate_id: HOSTILE }));
  const [{ correlation_id: correlation }] = await until('the start was noted', async () => {
    const notes = await server.ok('GET', `/v1/notes/events?sprint_id=${sprint}`);
    return notes.length > 0 && notes;
  });
  const { id: job } = await server.ok('POST', '/api/console/recovery', {
    selection: { history: { stream: 'dsm:events', group: 'chronicle-service-group', from: '0-1', to: '9999999999999-0' } },
    order: 'in_order', rate_per_second: 100, canary: 2,
  });
  await until('the job is frozen', async () => (await server.ok('GET', `/api/console/recovery/${job}`)).state === 'ready');
  return { project: PROJECT, sprint, closed: first.sprint_id, record, pending, correlation, job };
}

/** Every page there is, and every panel that opens on one, with the furnishing in it. */
export function pages({ project, sprint, closed, record, pending, correlation, job }) {
  const stream = encodeURIComponent('dsm:events');
  const group = '/streams/orders/groups/invoice-mailer';
  const letter = encodeURIComponent(`${record.provenance.stream}/${record.id}`);
  const task = `${project}-TASK001`;
  return {
    'overview': '/',
    'streams': '/streams',
    'stream': `/streams/${stream}`,
    'stream of another program': '/streams/orders',
    'filtered entries': `/streams/orders?filter=${encodeURIComponent('field.total > 10 or second')}`,
    'a filter with a mistake': `/streams/orders?filter=${encodeURIComponent('field.total > 10 and (second')}`,
    'paused entries': '/streams/orders?to=9999999999999-0&held=1',
    'groups of a stream': `/streams/${stream}?tab=groups`,
    'memory of a stream': `/streams/${stream}?tab=memory`,
    'one entry': `/streams/task_update_events?open=${record.provenance.source_id}`,
    'group': '/streams/task_update_events/groups/backlog_service_group',
    'group over a week': '/streams/task_update_events/groups/backlog_service_group?range=7d',
    'group of another program': group,
    'claim preview': `${group}?ids=${pending}&act=claim`,
    'move preview': `${group}?act=move&to=end`,
    'deleting a group': `${group}?act=delete-group`,
    'deleting a consumer': `${group}?act=delete-consumers&who=${encodeURIComponent(HOSTILE)}`,
    'creating a group': '/streams/orders?tab=groups&act=create-group&name=auditor&begin=start',
    'trimming a stream': '/streams/orders?tab=memory&act=trim&by=keep&keep=1&past=on',
    'deleting entries': `/streams/orders?act=delete-entries&ids=${pending}`,
    'dead letters': '/dead-letters',
    'one dead letter': `/dead-letters?open=${letter}`,
    'replay preview': `/dead-letters?act=replay&item=${letter}`,
    'discard preview': `/dead-letters?act=discard&item=${letter}`,
    'recovery': '/recovery',
    'new recovery job': '/recovery?new=dead_letters&stream=task_update_events',
    'handling again': '/recovery?new=history&stream=dsm%3Aevents&group=chronicle-service-group',
    'recovery job': `/recovery/${job}`,
    'the chain of the audit log': '/audit?verify=1',
    'findings': '/findings',
    'findings of a stream': '/findings?stream=orders&status=idle',
    'finding an event': '/trace',
    'found events': `/trace?field=sprint_id&value=${sprint}`,
    'trace': `/trace/${correlation}`,
    'trace of another program': `/trace/${FOREIGN}`,
    'trace of nothing': '/trace/nobody-has-this-id',
    'connections': '/connections',
    'alerts': '/alerts',
    'alert rule': '/alerts?rule=behind',
    'new alert rule': '/alerts?new=rule',
    'deleting an alert rule': '/alerts?rule=behind&act=delete',
    'projects': '/projects',
    'new project': '/projects?new=project',
    'project': `/projects/${project}`,
    'backlogs': '/backlog',
    'backlog': `/backlog?project=${project}`,
    'one task': `/backlog?project=${project}&open=${task}`,
    'sprints': '/sprints',
    'sprints of a project': `/sprints?project=${project}`,
    'plan of a sprint': '/sprints?project=NEXT&start=preview',
    'sprint': `/sprints/${sprint}`,
    'list of a sprint': `/sprints/${sprint}?tab=list`,
    'task of a sprint': `/sprints/${sprint}?open=${task}`,
    'daily scrum': `/sprints/${sprint}?act=daily-scrum`,
    'closing a sprint': `/sprints/${sprint}?act=close`,
    'closed sprint': `/sprints/${closed}`,
    'chronicle': '/chronicle',
    'audit': '/audit',
    'access': '/access',
    'status': '/status',
    'runbook': '/runbooks/redis-unreachable',
    'api': '/api',
  };
}
