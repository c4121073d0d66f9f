/**
 * What a person does with a running outbox: looks, requeues, discards, pauses, follows. Reads and
 * writes by the public SQL alone (the views and functions that docs describe), never the tables
 * behind it, and shows rows as a table or as JSON. The relay does not know this package.
 */
@NullMarked
package dev.outboxrelay.operate;

import org.jspecify.annotations.NullMarked;
