// SPDX-License-Identifier: Apache-2.0
/** Tests of what a person does with a running outbox. */
@NullMarked
package dev.outboxrelay.operate;

import org.jspecify.annotations.NullMarked;
