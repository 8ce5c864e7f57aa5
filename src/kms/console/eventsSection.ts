import { html, type Html } from '../../pages/html.ts';
import { outcome, table } from '../../pages/parts.ts';
import type { CloudTrailEvent } from '../events/cloudTrailEvent.ts';
import type { ConsoleFacts } from './consoleFacts.ts';

const MOST_EVENTS = 50;

/** Renders the latest events, newest first. */
export function eventsSection({ events }: ConsoleFacts): Html {
  const latest = events.latest.slice(-MOST_EVENTS).toReversed();
  return html`<section>
    <h2>Events</h2>
    ${latest.length === 0 ? html`<p class="muted">None since the local KMS was started</p>` : eventTable(latest)}
  </section>`;
}

function eventTable(events: readonly CloudTrailEvent[]): Html {
  return table({
    caption: 'Latest events',
    columns: ['Event', 'Time', 'By', 'Outcome', 'Resources'],
    keys: events.map(({ eventID }) => eventID),
    rows: events.map((event) => [
      event.eventName,
      html`<time datetime="${event.eventTime}">${event.eventTime.replace('T', ' ').replace('Z', ' UTC')}</time>`,
      callerOf(event),
      event.errorCode === undefined
        ? outcome('pass', 'success')
        : html`${outcome('fail', event.errorCode)} ${event.errorMessage ?? ''}`,
      html`<code>${aboutOf(event)}</code>`,
    ]),
  });
}

function callerOf({ userIdentity }: CloudTrailEvent): string {
  const { arn, invokedBy } = userIdentity;
  const caller = typeof arn === 'string' ? arn : typeof invokedBy === 'string' ? invokedBy : '';
  return caller.replace(/^arn:aws:iam::\d+:/, '');
}

function aboutOf({ resources = [], requestParameters }: CloudTrailEvent): string {
  const { customKeyStoreId } = requestParameters ?? {};
  const arns = resources.map(({ ARN }) => ARN.replace(/^arn:aws:kms:[^:]*:\d*:/, ''));
  return [...(typeof customKeyStoreId === 'string' ? [customKeyStoreId] : []), ...arns].join(', ');
}
