package dev.outboxrelay.values;

import org.jspecify.annotations.Nullable;

/**
 * What must not be overtaken: a row's key in its table. Messages of one gate are sent one after the
 * other.
 *
 * @param schema source schema, null for a published message
 * @param table source table, null for a published message
 * @param key the key as text, of a large one its hash
 */
public record Gate(@Nullable String schema, @Nullable String table, String key) {}
