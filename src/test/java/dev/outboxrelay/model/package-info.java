/** Checks the models in docs/internals/model. */
@NullMarked
package dev.outboxrelay.model;

import org.jspecify.annotations.NullMarked;
