// SPDX-License-Identifier: Apache-2.0
/**
 * What a person does with a running outbox: looks, requeues, discards, pauses, follows. Reads and
 * writes by the public SQL alone (the views and functions that docs describe), and shows rows as a
 * table or as JSON. The tables behind it are read where a view would cost too much for a page that
 * is looked at again and again. The relay does not know this package.
 */
@NullMarked
package dev.outboxrelay.operate;

import org.jspecify.annotations.NullMarked;
