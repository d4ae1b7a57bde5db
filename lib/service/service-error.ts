import { UserError } from "../files/user-error.js";

/** An expected error with the HTTP status that says of which kind it is. */
export class ServiceError extends UserError {
  override readonly name = "ServiceError";

  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
  }
}
