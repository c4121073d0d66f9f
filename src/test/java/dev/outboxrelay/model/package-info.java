// SPDX-License-Identifier: Apache-2.0
/** Checks the models in docs/internals/model. */
@NullMarked
package dev.outboxrelay.model;

import org.jspecify.annotations.NullMarked;
