/** Checks the models in docs/model. */
@NullMarked
package dev.outboxrelay.model;

import org.jspecify.annotations.NullMarked;
