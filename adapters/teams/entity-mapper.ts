// Lets citations, the AI label and streaming through botbuilder's serializer.
import { Entity } from 'botframework-connector/lib/connectorApi/models/mappers.js';

/**
 * The serializer of botframework-connector 4.23.3 sends only `type`, `text` and `mentioned` of an entity and drops the
 * rest without a word (botbuilder-js issue 2561). This tells its one mapper, shared by all clients of the process, to
 * send every property as it is. `tests/adapters/teams/wire.test.ts` reads the bytes that leave; when an update of the
 * library makes this needless or breaks it, that test says so. May be called any number of times.
 */
export function widenEntityMapper(): void {
  const { type } = Entity as { type: OpenMapper };
  const { type: name } = type.modelProperties;
  type.modelProperties = name === undefined ? {} : { type: name };
  type.additionalProperties = { type: { name: 'Object' } };
}

interface OpenMapper {
  modelProperties: Record<string, unknown>;
  additionalProperties?: { type: { name: 'Object' } };
}
