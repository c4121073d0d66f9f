// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

/**
 * What must not be overtaken: a row's key in its table. Messages of one gate are sent one after the
 * other.
 *
 * @param source the captured table's number, which stays with it through a rename; 0 for a
 *     published message
 * @param key the key as text, of a large one its hash
 */
public record Gate(int source, String key) {}
