"""What class weights, logit adjustment, focal loss and sampling do where labels are skewed."""
