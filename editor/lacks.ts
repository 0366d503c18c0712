import { type ApiType, type ArgumentName, type EventName, lacksOf, type Offer, offerOf } from '../lib/pbx';
import { apiOf, chosenServer, dialog, noteBelow, warn } from './fields';
import { allArguments, type OperationNode, possibleOffers } from './operations';

/**
 * Sets up the marks for things that the PBX of the chosen connection cannot do. Marked things can still be chosen,
 * since the connection may change.
 *
 * @returns updates the marks, and returns whether the chosen operation has one
 */
export function prepareLacks(node: OperationNode): () => boolean {
  const operation = $('#node-input-operation');
  const noteOnOperation = noteBelow(operation.closest('.form-row'), 'threecx-lack-operation');
  operation.attr('aria-describedby', 'threecx-lack-operation');
  const notes = [...allArguments(node)].map((name) => {
    const row = dialog().find(`[data-threecx-argument="${name}"]`);
    return { name, show: noteBelow(row, `threecx-lack-${name}`) };
  });

  return () => {
    const api = apiOf(chosenServer());
    markOperations(node, operation, api);
    markEvents(node, api);
    const offers = possibleOffers(node);
    const lacking = lackingIn(offers, api);
    noteOnOperation(lacking === null ? '' : node._(`threecx.lack.${api}.${lacking}`));
    for (const { name, show } of notes) {
      show(isUntaken(offers, name, api) ? node._(`threecx.lack.${api}.${name}`) : '');
    }
    return lacking !== null;
  };
}

function isLacking({ operation }: Offer, api: ApiType): boolean {
  return operation in lacksOf(api).operations;
}

/** @returns the operation that the PBX lacks; null when it supports one of these, or the list is empty */
function lackingIn(offers: readonly Offer[], api: ApiType): string | null {
  return offers.every((offer) => isLacking(offer, api)) ? (offers[0]?.operation ?? null) : null;
}

/** @returns whether one of these operations takes no such argument there */
function isUntaken(offers: readonly Offer[], name: ArgumentName, api: ApiType): boolean {
  const untaken = lacksOf(api).arguments;
  return offers.some(({ operation }) => name in (untaken[operation] ?? {}));
}

function markOperations(node: OperationNode, select: JQuery, api: ApiType): void {
  select.find('option').each(function () {
    const offer = offerOf(node.type, String($(this).val()));
    if (offer === null) return;
    const operation = node._(`threecx.operation.${String($(this).val())}`);
    $(this).text(isLacking(offer, api) ? node._(`threecx.lack.${api}.option`, { operation }) : operation);
  });
}

function markEvents(node: OperationNode, api: ApiType): void {
  const { events, unsureEvents } = lacksOf(api);
  dialog()
    .find('[data-threecx-event]')
    .each(function () {
      const name = this.getAttribute('data-threecx-event') as EventName;
      const unsure = unsureEvents.includes(name) ? node._(`threecx.lack.${api}.unsure-event`) : '';
      warn($(this), events.includes(name) ? node._(`threecx.lack.${api}.event`) : unsure);
    });
}
